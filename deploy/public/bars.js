// @ts-check
/**
 * The table: a row for each digit, in it a bar and a number for each side. A side without an
 * answer may have a message in place of its ten cells.
 *
 * @typedef {"here" | "edge"} Name
 */

import { largest } from "./verdict.js";
import { percent } from "./words.js";

const DIGITS = 10;

export class Bars {
  #rows;
  #messages;

  /** @param {HTMLTableSectionElement} body */
  constructor(body) {
    this.#rows = Array.from({ length: DIGITS }, (_, digit) => makeRow(body, digit));
    const first = this.#rows[0];
    this.#messages = { here: makeMessage(first.here.cell), edge: makeMessage(first.edge.cell) };
  }

  /**
   * @param {Name} side
   * @param {ArrayLike<number> | null} probabilities
   * @param {{ title: string, detail: string } | null} message
   */
  show(side, probabilities, message) {
    const winner = probabilities === null ? -1 : largest(probabilities);
    this.#rows.forEach((row, digit) => {
      const { cell, bar, number, aside } = row[side];
      const probability = probabilities?.[digit] ?? null;
      cell.hidden = message !== null;
      cell.toggleAttribute("data-winner", digit === winner);
      cell.dataset.probability = String(probability ?? "");
      // Without a sliver, zero and one percent would look the same as an empty table.
      const share = probability === null ? 0 : Math.max(probability, 0.006);
      bar.style.setProperty("--share", share.toFixed(4));
      write(number, probability === null ? "" : percent(probability));
      write(aside, digit === winner ? ", its answer" : "");
      const won = [row.here.cell, row.edge.cell].some((each) => each.hasAttribute("data-winner"));
      row.row.toggleAttribute("data-winner", won);
    });
    const { cell, title, detail } = this.#messages[side];
    cell.hidden = message === null;
    write(title, message?.title ?? "");
    write(detail, message?.detail ?? "");
  }
}

/** @param {HTMLTableSectionElement} body @param {number} digit */
function makeRow(body, digit) {
  const row = body.insertRow();
  const name = document.createElement("th");
  name.scope = "row";
  name.textContent = String(digit);
  row.append(name);
  row.dataset.digit = String(digit);
  return { row, here: makeCell(row, "here"), edge: makeCell(row, "edge") };
}

/** @param {HTMLTableRowElement} row @param {Name} side */
function makeCell(row, side) {
  const cell = row.insertCell();
  cell.className = `is-${side}`;
  const both = document.createElement("div");
  const bar = document.createElement("span");
  bar.className = "bar";
  const number = document.createElement("span");
  const aside = document.createElement("span");
  aside.className = "unseen"; // what the eye has from the colour
  const words = document.createElement("span");
  words.className = "number";
  words.append(number, aside);
  both.append(bar, words);
  cell.append(both);
  return { cell, bar, number, aside };
}

/** @param {HTMLTableCellElement} neighbour the cell whose column it stands in for */
function makeMessage(neighbour) {
  const cell = document.createElement("td");
  cell.className = `message ${neighbour.className}`;
  cell.rowSpan = DIGITS;
  cell.hidden = true;
  const title = document.createElement("strong");
  const detail = document.createElement("span");
  cell.append(title, detail);
  neighbour.after(cell);
  return { cell, title, detail };
}

/** @param {HTMLElement} element @param {string} text */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
