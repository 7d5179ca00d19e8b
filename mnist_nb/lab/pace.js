// Runs as `onload` of an empty style sheet beside a lab's bars. Presses an unseen button when the
// page has painted a table with another number than the last: the kernel is waiting to hear it.
((style) => {
  const lab = style.closest(".mnist-nb-lab");
  if (!lab || lab.dataset.paced) return;
  lab.dataset.paced = "true";
  let last = "";
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    lab.querySelector(".mnist-nb-painted")?.dispatchEvent(new MouseEvent("click"));
  };
  const look = () => {
    const number = lab.querySelector(".mnist-nb-answers")?.dataset.number ?? last;
    if (number === last) return;
    last = number;
    // The callback runs before style, layout and paint of the next frame, the message after them.
    requestAnimationFrame(() => port2.postMessage(""));
  };
  look();
  new MutationObserver(look).observe(lab, { childList: true, subtree: true });
})(this);
