/** Columns of the table of answers: one for each side. */

export type Name = "local" | "edge" | "candidate";

export interface Cell {
  cell: HTMLTableCellElement;
  bar: HTMLElement;
  number: HTMLElement;
  aside: HTMLElement;
  p: number;
  won: boolean;
}

export interface Column {
  cells: Cell[];
  lines: Record<"place" | "took" | "time" | "start" | "code", HTMLElement>;
  message: HTMLTableCellElement;
}

/** A candidate is at the edge too, and has its colour and its mark. */
function classOf(side: Name): string {
  return side === "candidate" ? "is-edge is-candidate" : `is-${side}`;
}

export function addHead(row: HTMLElement, side: Name, title: string) {
  const cell = add(row, "th", classOf(side));
  cell.scope = "col";
  add(cell, "span", "mnist-nb-side").textContent = title;
  const place = add(cell, "span", "is-place");
  const times = add(cell, "span", "is-time");
  const took = add(times, "b", "");
  const time = add(times, "span", "");
  const weights = add(cell, "span", "is-weights");
  weights.textContent = "weights ";
  const code = add(weights, "code", "");
  return { place, took, time, code, start: add(cell, "span", "is-start") };
}

export function addCell(row: HTMLTableRowElement, side: Name): Cell {
  const cell = row.insertCell();
  cell.className = classOf(side);
  const bar = add(cell, "i", "");
  const words = add(cell, "span", "mnist-nb-number");
  const number = add(words, "span", "");
  const aside = add(words, "span", "mnist-nb-unseen"); // what the eye has from the colour
  row.dataset[side] = row.dataset.winner = "";
  return { cell, bar, number, aside, p: NaN, won: false };
}

/** What stands in place of a column's bars. */
export function addMessage(side: Name, cells: Cell[]): HTMLTableCellElement {
  const cell = make("td", `mnist-nb-message ${classOf(side)}`);
  cell.rowSpan = cells.length;
  cell.hidden = true;
  const box = add(cell, "div", "");
  for (const tag of ["strong", "span", "em"] as const) add(box, tag, "");
  cells[0]!.cell.after(cell);
  return cell;
}

export function make<T extends keyof HTMLElementTagNameMap>(tag: T, classes: string) {
  const element = document.createElement(tag);
  if (classes) element.className = classes;
  return element;
}

export function add<T extends keyof HTMLElementTagNameMap>(parent: Element, tag: T, classes: string) {
  return parent.appendChild(make(tag, classes));
}

export function write(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
