/**
 * "That was a 7": a drawing is given to the class with its right label, where the edge collects and
 * who drew it ticks that they want it; and taken back.
 */

import { write } from "./columns";
import { whyNot, type Edge } from "./edge";
import { find } from "./view";

/** @param drawn the image on the pad, null without ink */
export function listenToGivers(
  edge: Edge,
  drawn: () => Uint8Array<ArrayBuffer> | null,
  clear: () => void,
) {
  const label = find("label", HTMLSelectElement);
  const id = find("given-id", HTMLInputElement);
  let given: string[] = []; // from this page, and not taken back

  whenSent("give-form", async () => {
    const image = drawn();
    if (image === null) return "There is nothing on the paper: draw a digit first.";
    const consent = find("consent", HTMLInputElement).checked ? "yes" : "no";
    given.push((id.value = await edge.give(image, label.value, consent)));
    label.value = "";
    clear();
    return "Kept. With the id below you can take it back, also later: note it.";
  });
  whenSent("back-form", async () => {
    await edge.takeBack(id.value.trim());
    given = given.filter((one) => one !== id.value.trim());
    id.value = given.at(-1) ?? "";
    return given.length > 0 ? "Taken back. Now the one before is below." : "Taken back.";
  });
}

/** @param collects what GET /model says of the edge */
export function offerGiving(collects: boolean) {
  find("giving", HTMLElement).hidden = !collects;
}

/** Do it once at a time, and say what came of it. */
function whenSent(form: string, act: () => Promise<string>) {
  let busy = false;
  find(form, HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    act()
      .catch(whyNot)
      .then((text) => write(find("given", HTMLElement), text))
      .finally(() => (busy = false));
  });
}
