/** Typed look-ups in the JSON of a weights file. */
import { isObject, show, WeightsRefused } from "./safetensors";

export const TINY = 1e-30; // what divides is no less

/** Typed look-ups in a JSON object that say where they failed. */
export class Fields {
  private readonly entries: Map<string, unknown>;

  constructor(
    value: unknown,
    readonly where: string,
  ) {
    if (!isObject(value)) throw new WeightsRefused(`${where} is ${show(value)}, not an object`);
    this.entries = new Map(Object.entries(value));
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  get(name: string): unknown {
    return this.entries.get(name);
  }

  /** An object that may be missing. */
  notes(name: string): Fields {
    return new Fields(this.entries.has(name) ? this.get(name) : {}, name);
  }

  text(name: string): string {
    const value = this.get(name);
    if (typeof value !== "string" || [...value].length > 200) {
      throw new WeightsRefused(`${this.where}: ${name} is ${show(value)}, not a short text`);
    }
    return value;
  }

  number(name: string, { fallback, least }: { fallback?: number; least?: number } = {}): number {
    const value = this.entries.has(name) ? this.get(name) : fallback;
    if (typeof value !== "number" || !(Math.abs(value) < 1e30)) {
      throw new WeightsRefused(`${this.where}: ${name} is ${show(value)}, not a finite number`);
    }
    if (least !== undefined && value < least) {
      throw new WeightsRefused(`${this.where}: ${name} is ${value}, not above 0, at least ${least}`);
    }
    return value;
  }

  /** A whole number 1 to 28, as strides and window sizes are. */
  count(name: string, fallback?: number, most = 28): number {
    const value = this.entries.has(name) ? this.get(name) : fallback;
    if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > most) {
      throw new WeightsRefused(
        `${this.where}: ${name} is ${show(value)}, not a whole number 1 to ${most}`,
      );
    }
    return value as number;
  }

  /** Padding before and after, 0 to 28; one number is both. `same` is what that word means. */
  padding(fallback: unknown, same?: [number, number]): [number, number] {
    const value = this.entries.has("padding") ? this.get("padding") : fallback;
    if (same && value === "valid") return [0, 0];
    if (same && value === "same") return same;
    const sides = Array.isArray(value) ? value : [value, value];
    if (sides.length !== 2 || !sides.every((n) => Number.isInteger(n) && n >= 0 && n <= 28)) {
      const words = same ? "valid, same, " : "";
      throw new WeightsRefused(
        `${this.where}: padding is ${show(value)}, not ${words}0 to 28 or two such numbers`,
      );
    }
    return sides as [number, number];
  }

  /** Refuses other fields: a `groups` that is overlooked would give wrong answers in silence. */
  only(...names: string[]): void {
    for (const name of this.entries.keys()) {
      if (!names.includes(name)) {
        throw new WeightsRefused(`${this.where}: field ${show(name)} is unknown`);
      }
    }
  }
}
