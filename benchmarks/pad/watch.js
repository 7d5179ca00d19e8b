// Notes, in milliseconds since 1970, when the pen's events come and when bars are painted.
{
  const since1970 = (time) => performance.timeOrigin + time;
  window.moved = []; // [the browser got the event, the page got it]
  window.painted = []; // [points the local bars know of, the edge's; in the page, painted]
  const canvas = document.querySelector(".mnist-nb-paper canvas");
  const note = (event) => {
    // Chromium hands moves to a page once a frame; timeStamp is when the input came.
    if (event.buttons) window.moved.push([event.timeStamp, performance.now()].map(since1970));
  };
  canvas.addEventListener("mousedown", note, { capture: true });
  canvas.addEventListener("mousemove", note, { capture: true });
  let last = "";
  const look = () => {
    const counts = document.querySelector(".counts");
    const key = counts && `${counts.dataset.local}/${counts.dataset.edge}`;
    if (!counts || key === last) return;
    last = key;
    const known = [Number(counts.dataset.local), Number(counts.dataset.edge)];
    const here = since1970(performance.now());
    // The callback runs in the frame that shows the change, before style, layout and paint; a task
    // posted from it runs when the page is done with them. (A second requestAnimationFrame would
    // wait for the frame after it.) The compositor and the display are not in it.
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => window.painted.push([...known, here, since1970(performance.now())]);
      port2.postMessage(0);
    });
  };
  const everything = { subtree: true, childList: true, attributes: true };
  new MutationObserver(look).observe(document.body, everything);
}
