/** sha256 in hexadecimal digits. */
export async function sha256Of(bytes: Uint8Array | string): Promise<string> {
  const content = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
