// The reader's browser as a third place: the edge's own kernel, given by Python as a script, runs here.
// Python sends weights and an image, and gets ten probabilities and how long they took.

const bytes = (view) => new Uint8Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));

async function initialize({ model }) {
  const url = URL.createObjectURL(new Blob([model.get("script")], { type: "text/javascript" }));
  let kernel = null;
  let current = "";

  async function answer() {
    const image = bytes(model.get("image"));
    if (image.length === 0) return;
    try {
      const { Kernel, readWeights } = await import(url);
      if (current !== model.get("name")) {
        current = model.get("name");
        kernel = new Kernel(readWeights(bytes(model.get("weights"))));
        for (let call = 0; call < 30; call++) kernel.one(image); // so that it is compiled in full
      }
      const began = performance.now();
      const probabilities = [...kernel.one(image)];
      const ms = performance.now() - began;
      model.set("answer", { probabilities, ms, number: model.get("number") });
    } catch (error) {
      model.set("answer", { trouble: String(error), number: model.get("number") });
    }
    model.save_changes();
  }

  model.on("change:number", answer);
  await answer();
}

export default { initialize };
