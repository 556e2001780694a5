/** Chat messages as they are stored, each with its role. */
import type { Message } from "@/domain/prompt";

const ROLES = { system: "System", user: "User", assistant: "Assistant" } as const;

export function Messages({ messages }: { messages: readonly Message[] }) {
  const counted = messages.map((message, i) => ({ ...message, key: `${i}-${message.role}` }));
  return (
    <div className="flex flex-col gap-3">
      {counted.map(({ key, role, content }) => (
        <div key={key}>
          <p className="mb-0.5 text-xs font-medium text-muted">{ROLES[role]}</p>
          <p className="prose-text whitespace-pre-wrap">{content}</p>
        </div>
      ))}
    </div>
  );
}
