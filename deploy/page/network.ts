/** What the page takes from the Worker: the reader of the weights file, and the network itself. */
export { Kernel } from "../src/network/kernel";
export { WeightsRefused } from "../src/network/safetensors";
export { readWeights } from "../src/network/weights";
