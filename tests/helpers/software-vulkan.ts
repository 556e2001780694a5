/** A Vulkan device without a card: the SwiftShader that Chromium brings, for tests of the WebGPU engine. */
import { existsSync } from "node:fs";
import os from "node:os";
import path from "node:path";

const FOLDERS = ["/usr/lib/chromium", "/usr/lib/chromium-browser", "/opt/google/chrome"];

/** Linux' flag that a library stays loaded; Node has no name for it. */
const RTLD_NODELETE = 0x1000;

/**
 * Lets Dawn in this process find SwiftShader, where Chromium is installed and VK_ICD_FILENAMES does not name another driver.
 * `npm test` installs Chromium where it can.
 */
export function offerSoftwareVulkan(): void {
  const folder = FOLDERS.find((candidate) => existsSync(path.join(candidate, "vk_swiftshader_icd.json")));
  if (process.env.VK_ICD_FILENAMES !== undefined || folder === undefined) return;
  process.env.VK_ICD_FILENAMES = path.join(folder, "vk_swiftshader_icd.json");
  try {
    // Chromium's own Vulkan loader: Dawn asks for it by name, and takes the one that is loaded already.
    process.dlopen({ exports: {} }, path.join(folder, "libvulkan.so.1"), os.constants.dlopen.RTLD_NOW | RTLD_NODELETE);
  } catch {
    // It is no module of Node, which Node says; loaded it is.
  }
}
