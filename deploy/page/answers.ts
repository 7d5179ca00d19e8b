/**
 * What both sides say: a headline, and a table with a row for each label and in it a bar and a
 * number for each side. The page and the lab show the same.
 *
 * `show` may be called as often as one likes: what stays the same is not touched. All that is shown
 * is also in `data-*`, exactly, for tests and for scripts.
 */

import { add, addCell, addHead, addMessage, make, write, type Column, type Name } from "./columns";
import { besides, isSure, largest, verdict, worst, type Answer, type Chip, type Verdict } from "./verdict";
import { milliseconds, percent, short } from "./words";

const QUIET_MS = 700; // the headline is read aloud when answers have stopped coming for so long
const SLIVER = 0.005; // without it zero and one percent would look like an empty table

/** Stands in place of a side's bars. */
export interface Message {
  kind: string;
  title: string;
  detail: string;
  /** What happens next. */
  tail?: string;
}

/** What is known of a side. */
export interface Side {
  answer: Answer | null;
  sha256: string;
  name: string;
  notSureBelow: number | null;
  /** Lines above the bars: where, how long, and what that was. */
  place: string;
  took: string;
  time: string;
  start?: string;
  message: Message | null;
  ms: number;
}

export interface Shown {
  drawn: boolean;
  local: Side;
  edge: Side;
  /** What is on trial at the edge, answering the same image as `edge`. */
  candidate: Side | null;
  twin: ArrayLike<number> | null;
  /** The edge's answer is to an image before, and for so long that the eye should know. */
  stale: boolean;
  late: boolean;
  cold: boolean;
  /** Why the edge gives no answer. */
  trouble: string;
}

export interface Titles {
  /** This side: in a sentence, within one, above its column. */
  who: string;
  where: string;
  local: string;
  edge: string;
  /** What to do about different weights; "" says nothing of them. */
  advice: string;
}

export class Answers {
  readonly root: HTMLElement;
  #titles: Titles;
  #labels: readonly string[];
  #names: readonly Name[];
  #head: HTMLElement;
  #verdict: HTMLElement;
  #detail: HTMLElement;
  #chips: HTMLElement;
  #said: HTMLElement;
  #warning: HTMLElement;
  #rows: HTMLTableRowElement[] = [];
  #columns: Partial<Record<Name, Column>> = {};
  #quiet: ReturnType<typeof setTimeout> | undefined;
  #announced = "";

  /** @param isTrial with a third column, for what is on trial */
  constructor(titles: Titles, labels: readonly string[], isTrial: boolean) {
    this.#titles = titles;
    this.#labels = labels;
    this.#names = isTrial ? ["local", "edge", "candidate"] : ["local", "edge"];
    this.root = make("div", "mnist-nb-answers");
    this.root.setAttribute("role", "group");
    this.root.setAttribute("aria-label", "Answers of both sides");
    // What it says is read aloud from `#said`, once it has settled.
    this.#verdict = add(this.root, "div", "mnist-nb-verdict");
    this.#verdict.setAttribute("aria-hidden", "true");
    this.#chips = add(this.#verdict, "span", "mnist-nb-chips");
    const says = add(this.#verdict, "p", "");
    this.#head = add(says, "strong", "mnist-nb-head");
    says.append(document.createElement("br"));
    this.#detail = add(says, "span", "mnist-nb-detail");

    const table = add(this.root, "table", "mnist-nb-bars");
    add(table, "caption", "mnist-nb-unseen").textContent =
      `Probability of each digit, ${titles.where} and at the edge`;
    const columns = add(table, "colgroup", "");
    add(columns, "col", "mnist-nb-digit");
    for (const _ of this.#names) add(columns, "col", "");
    const heads = add(add(table, "thead", ""), "tr", "");
    const corner = add(heads, "th", "");
    corner.scope = "col";
    add(corner, "span", "mnist-nb-unseen").textContent = "label";
    const heading = { local: titles.local, edge: titles.edge, candidate: "Candidate" };
    const lines = this.#names.map((name) => addHead(heads, name, heading[name]));
    const body = add(table, "tbody", "");
    labels.forEach((label, index) => {
      const row = body.insertRow();
      row.dataset.digit = String(index);
      const name = add(row, "th", "");
      name.scope = "row";
      name.textContent = label;
      this.#rows.push(row);
    });
    this.#names.forEach((name, i) => {
      const cells = this.#rows.map((row) => addCell(row, name));
      this.#columns[name] = { cells, lines: lines[i]!, message: addMessage(name, cells) };
    });
    this.#warning = add(this.root, "p", "mnist-nb-warning");
    this.#warning.setAttribute("role", "note");
    this.#warning.hidden = true;
    this.#said = add(this.root, "p", "mnist-nb-unseen mnist-nb-said");
    this.#said.setAttribute("role", "status");
  }

  /** @param more what else is to be read aloud */
  show(shown: Shown, more: string[] = []): void {
    const { drawn, local, edge, twin, late, trouble } = shown;
    const theirs = drawn ? edge.answer : null;
    const { who, where } = this.#titles;
    const known = { here: local.answer, edge: theirs, twin, drawn, late, trouble, who, where };
    const said = verdict({ ...known, labels: this.#labels });
    const tried = drawn ? (shown.candidate?.answer ?? null) : null;
    const beside = besides(theirs, late ? null : tried, this.#labels);
    said.detail += beside;
    this.#showVerdict(said);
    this.#showSide("local", local, local.answer);
    this.#showSide("edge", edge, theirs);
    if (shown.candidate) this.#showSide("candidate", shown.candidate, tried);
    const faded = late && theirs !== null;
    this.root.classList.toggle("is-late", faded);
    this.#showWarning(local, edge);
    this.#note(shown, theirs, tried);
    const best = local.answer ?? theirs;
    const sure = best && said.kind === "agree" ? `, ${percent(max(best.probabilities))}` : "";
    this.#announce([drawn ? `${said.head}${sure}.${beside}` : "", ...more].filter(Boolean).join(" "));
  }

  /** Say something to who cannot see it, now. */
  say(text: string): void {
    clearTimeout(this.#quiet);
    write(this.#said, (this.#announced = text));
  }

  #announce(text: string): void {
    if (text === this.#announced) return;
    this.#announced = text;
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => write(this.#said, text), QUIET_MS);
  }

  #showVerdict({ kind, head, detail, chips }: Verdict): void {
    setData(this.#verdict, "verdict", kind);
    write(this.#head, head);
    write(this.#detail, detail.replace(" × ", "\u00a0×\u00a0")); // numbers stay in one line
    const key = chips.map(({ label, side }) => label + side).join() || "?";
    if (this.#chips.dataset.shown === key) return;
    this.#chips.dataset.shown = key;
    const shown: (Chip | { label: string; side: "empty" })[] =
      chips.length > 0 ? chips : [{ label: "?", side: "empty" }];
    this.#chips.replaceChildren(
      ...shown.map(({ label, side }) => {
        const chip = make("span", `mnist-nb-chip is-${side}`);
        chip.textContent = label;
        return chip;
      }),
    );
  }

  #showSide(name: Name, side: Side, answer: Answer | null): void {
    const winner = answer === null ? -1 : largest(answer.probabilities);
    const { lines, cells, message: box } = this.#columns[name]!;
    write(lines.place, side.place);
    write(lines.took, side.took);
    write(lines.time, side.time);
    write(lines.code, short(side.sha256) || "–");
    lines.code.title = side.sha256 && `${side.name} sha256 ${side.sha256}`.trim();
    write(lines.start, side.start ?? "");
    lines.start.hidden = side.start === undefined;
    const message = answer === null ? side.message : null;
    this.#showMessage(box, message);
    cells.forEach((cell, index) => {
      const p = answer === null ? NaN : answer.probabilities[index]!;
      const won = index === winner;
      cell.cell.hidden = message !== null;
      if (p !== cell.p && !(Number.isNaN(p) && Number.isNaN(cell.p))) {
        cell.p = p;
        const share = Number.isNaN(p) ? 0 : Math.max(p, SLIVER);
        cell.bar.style.setProperty("--p", `${(100 * share).toFixed(2)}%`);
        write(cell.number, Number.isNaN(p) ? "" : percent(p));
        this.#rows[index]!.dataset[name] = Number.isNaN(p) ? "" : exactly(p);
      }
      if (won !== cell.won) {
        cell.won = won;
        cell.cell.classList.toggle("is-winner", won);
        write(cell.aside, won ? ", its answer" : "");
        const row = this.#rows[index]!;
        const sides = this.#names.filter((s) => this.#columns[s]!.cells[index]!.won);
        setData(row, "winner", sides.join(" "));
      }
    });
  }

  #showMessage(cell: HTMLTableCellElement, message: Message | null): void {
    cell.hidden = message === null;
    if (message === null) return;
    const [title, detail, tail] = Array.from(cell.firstElementChild!.children) as HTMLElement[];
    cell.firstElementChild!.className = `is-${message.kind}`;
    write(title!, message.title);
    write(detail!, message.detail);
    write(tail!, message.tail ?? "");
  }

  #showWarning(local: Side, edge: Side): void {
    const differ = local.sha256 !== "" && edge.sha256 !== "" && local.sha256 !== edge.sha256;
    setData(this.root, "sameWeights", edge.sha256 === "" ? "" : String(!differ));
    const { advice } = this.#titles;
    const key = differ && advice ? `${local.sha256}/${edge.sha256}` : "";
    if (this.#warning.dataset.shown === key) return;
    this.#warning.dataset.shown = key;
    this.#warning.hidden = key === "";
    const head = make("strong", "");
    head.textContent = "Different weights.";
    const named = ({ sha256, name }: Side) => {
      const code = make("code", "");
      code.textContent = short(sha256);
      return [`${name || "unnamed"} `, code];
    };
    this.#warning.replaceChildren(
      ...[head, ` ${this.#titles.local} runs `, ...named(local), ", the edge runs "],
      ...[...named(edge), `: the answers differ for that reason. ${advice}`],
    );
  }

  /** All of it in `data-*`. */
  #note(shown: Shown, theirs: Answer | null, tried: Answer | null): void {
    const { local, edge, twin, drawn, stale, cold } = shown;
    const ours = local.answer;
    const same = twin ?? ours?.probabilities ?? null;
    const compared = theirs !== null && same !== null;
    const unsure = ours !== null && theirs !== null && !isSure(ours) && !isSure(theirs);
    const agree = compared && (unsure || largest(same) === largest(theirs.probabilities));
    const notes: Record<string, string> = {
      state: drawn ? "drawn" : "empty",
      edgeStale: String(stale),
      edgeCold: theirs === null ? "" : String(cold),
      agree: compared ? String(agree) : "",
      maxDiff: compared ? exactly(worst(same, theirs.probabilities)) : "",
      localWinner: ours === null ? "" : String(largest(ours.probabilities)),
      edgeWinner: theirs === null ? "" : String(largest(theirs.probabilities)),
      localSure: ours === null ? "" : String(isSure(ours)),
      edgeSure: theirs === null ? "" : String(isSure(theirs)),
      localMs: ours === null ? "" : exactly(local.ms),
      edgeMs: theirs === null ? "" : exactly(edge.ms),
      localSha256: local.sha256,
      edgeSha256: edge.sha256,
      candidateSha256: shown.candidate?.sha256 ?? "",
      candidateWinner: tried === null ? "" : String(largest(tried.probabilities)),
    };
    for (const [name, value] of Object.entries(notes)) setData(this.root, name, value);
  }

}

/** "2.5 ms there and back, warm". */
export function thereAndBack(ms: number, cold: boolean): { took: string; time: string } {
  return { took: milliseconds(ms), time: ` there and back, ${cold ? "cold start" : "warm"}` };
}

function setData(element: HTMLElement, name: string, value: string): void {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}

function max(values: ArrayLike<number>): number {
  return values[largest(values)]!;
}

/** A float32 so exactly that it is found again. */
function exactly(value: number): string {
  return String(Number(value.toPrecision(9)));
}
