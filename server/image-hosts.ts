/** The hosts that the content security policy lets images come from: those of the projects' settings. */
import { selectImageHosts } from "../db/queries/projects";
import { getDb } from "./database";

export function listImageHosts(): Promise<string[]> {
  return selectImageHosts(getDb());
}
