// Notes, in milliseconds since 1970, when the pen's events come and when answers are painted.
{
  const since1970 = (time) => performance.timeOrigin + time;
  window.moved = []; // [the browser got the event, the page got it]
  window.painted = []; // [number of the frame or of points, in the page, painted]
  window.inked = []; // [points of the line under the pen, painted]
  const canvas = document.querySelector(".mnist-nb-paper canvas");
  const note = (event) => {
    // Chromium hands moves to a page once a frame; timeStamp is when the input came.
    if (event.buttons) window.moved.push([event.timeStamp, performance.now()].map(since1970));
  };
  canvas.addEventListener("mousedown", note, { capture: true });
  canvas.addEventListener("mousemove", note, { capture: true });
  let last = "";
  const look = () => {
    const number = document.querySelector("[data-number]")?.dataset.number ?? "";
    if (number === last) return;
    last = number;
    const here = since1970(performance.now());
    // Our script changes the page in the frame's own callback, before style, layout and paint; a
    // task posted from there runs when the page is done with them. What others change outside of
    // one is painted in the next. The compositor and the display are not in it.
    const painted = () => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => window.painted.push([Number(number), here, since1970(performance.now())]);
      port2.postMessage(0);
    };
    if (document.querySelector(".mnist-nb-answers")) painted();
    else requestAnimationFrame(painted);
  };
  // The line grows in the pen's own event; the next frame paints it.
  let points = 0;
  const ink = () => {
    const count = document.querySelector(".mnist-nb-echo polyline")?.points.numberOfItems ?? 0;
    if (count !== points) {
      points = count;
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => window.inked.push([count, since1970(performance.now())]);
      port2.postMessage(0);
    }
    requestAnimationFrame(ink);
  };
  ink();
  const changes = { subtree: true, childList: true, attributeFilter: ["data-number"] };
  new MutationObserver(look).observe(document.body, changes);
  // All is painted when the page shows an answer of the edge to the newest drawing, and has been
  // still for longer than the longest way.
  window.isStill = () =>
    window.painted.length > 0 &&
    document.querySelector(".mnist-nb-answers")?.dataset.edgeStale !== "true" &&
    since1970(performance.now()) - window.painted.at(-1)[2] > 700;
}
