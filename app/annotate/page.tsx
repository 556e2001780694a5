/** Which project to judge for. */
import { ProjectChoice } from "./project-choice";

export default function AnnotatePage() {
  return <ProjectChoice />;
}
