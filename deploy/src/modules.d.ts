/** wrangler turns an imported .wasm file into a compiled module. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

/** esbuild puts an imported style sheet beside the script. */
declare module "*.css";
