/** What the page takes from the Worker: the reader of the weights file, and the network itself. */
export { Kernel } from "../src/kernel";
export { WeightsRefused } from "../src/safetensors";
export { readWeights } from "../src/weights";
