/** A Vulkan device without a card: the SwiftShader that Chromium brings, for tests of the WebGPU engine. */
import { existsSync } from "node:fs";
import os from "node:os";
import path from "node:path";

const FOLDERS = ["/usr/lib/chromium", "/usr/lib/chromium-browser", "/opt/google/chrome"];

/** Linux' flag that a library stays loaded; Node has no name for it. */
const RTLD_NODELETE = 0x1000;

/** Chromium's folder, which holds a Vulkan loader too, and the file that names the driver; null without Chromium. */
export function softwareVulkan(): { folder: string; driver: string } | null {
  const folder = FOLDERS.find((candidate) => existsSync(path.join(candidate, "vk_swiftshader_icd.json")));
  return folder === undefined ? null : { folder, driver: path.join(folder, "vk_swiftshader_icd.json") };
}

/** Lets Dawn in this process find SwiftShader, unless VK_ICD_FILENAMES names a driver. `npm test` installs Chromium where it can. */
export function offerSoftwareVulkan(): void {
  const found = softwareVulkan();
  if (process.env.VK_ICD_FILENAMES !== undefined || found === null) return;
  process.env.VK_ICD_FILENAMES = found.driver;
  try {
    // Dawn asks for the loader by name, and takes the one that is loaded already.
    process.dlopen({ exports: {} }, path.join(found.folder, "libvulkan.so.1"), os.constants.dlopen.RTLD_NOW | RTLD_NODELETE);
  } catch {
    // It is no module of Node, which Node says; loaded it is.
  }
}
