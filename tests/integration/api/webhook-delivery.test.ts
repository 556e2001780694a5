/** Webhooks from the outbox to a receiver: signed so that the reference library agrees, retried, given up, sent again, and never into a private network. */
import { eq, sql } from "drizzle-orm";
import { Webhook } from "standardwebhooks";
import { beforeEach, describe, expect, it } from "vitest";
import { selectWebhook } from "../../../db/queries/webhooks";
import { webhookDeliveries, webhooks } from "../../../db/schema";
import { MAX_ATTEMPTS, RETRY_SECONDS, WEBHOOK_EVENTS } from "../../../domain/webhook";
import type { UserContext } from "../../../server/context";
import * as service from "../../../server/services/webhook";
import { deliver, takeDue } from "../../../server/services/webhook-delivery";
import { deliverWebhooks } from "../../../server/webhook-loop";
import { addProject, addUser } from "../../helpers/project-world";
import { useDatabase } from "../../helpers/use-database";
import { useReceiver } from "../../helpers/webhook-receiver";

const db = useDatabase();
const receiver = useReceiver();
const rules = { secret: "a secret of the tests", allowPrivate: true };
const live = new AbortController().signal;

let researcher: UserContext;
let projectId: string;
beforeEach(async () => {
  await db().delete(webhooks);
  researcher = await addUser(db(), "researcher");
  projectId = await addProject(db());
});

const makeHook = () => service.createWebhook(researcher, { projectId, url: receiver.url, events: [...WEBHOOK_EVENTS] }, rules);
/** One round of the background loop. */
async function deliverDue(): Promise<number> {
  const due = await takeDue(db(), { limit: 20, perWebhook: 5, busy: [] });
  await Promise.all(due.map((delivery) => deliver(db(), delivery, rules, live)));
  return due.length;
}
const makeDue = () => db().update(webhookDeliveries).set({ dueAt: sql`now()` }).where(eq(webhookDeliveries.state, "pending"));

describe("a delivery", () => {
  it("is signed so that the reference library takes it, and no other", async () => {
    const { id, secret } = await makeHook();
    await service.testWebhook(researcher, { webhookId: id });
    expect(await deliverDue()).toBe(1);
    const [message] = receiver.received;
    const headers = message?.headers as Record<string, string>;
    expect(new Webhook(secret).verify(message?.body ?? "", headers)).toEqual({
      type: "webhook.test",
      timestamp: expect.any(String),
      data: { project_id: projectId },
    });
    expect(() => new Webhook(secret).verify(`${message?.body} `, headers)).toThrow();
    expect(() => new Webhook(`whsec_${Buffer.alloc(24).toString("base64")}`).verify(message?.body ?? "", headers)).toThrow();
    expect(await service.listDeliveries(researcher, { webhookId: id })).toMatchObject([
      { state: "delivered", status: 204, attempts: 1, reason: null, id: headers["webhook-id"] },
    ]);
    expect(await deliverDue()).toBe(0);
    const renewed = await service.renewWebhookSecret(researcher, { webhookId: id }, rules);
    await service.testWebhook(researcher, { webhookId: id });
    await deliverDue();
    expect(() =>
      new Webhook(renewed.secret).verify(receiver.received[1]?.body ?? "", receiver.received[1]?.headers as Record<string, string>),
    ).not.toThrow();
  });

  it("keeps its secret encrypted", async () => {
    const { id, secret } = await makeHook();
    const stored = await selectWebhook(db(), id);
    expect(stored?.secret).not.toContain(secret.slice(6));
    expect(JSON.stringify(await service.listWebhooks(researcher, { projectId }))).not.toContain(stored?.secret);
  });

  it("is tried again later and later with the same id, then given up with the reason, and sent again by a person", async () => {
    const { id } = await makeHook();
    await service.testWebhook(researcher, { webhookId: id });
    receiver.answers = Array.from({ length: MAX_ATTEMPTS }, (_, i) => (i === 0 ? 302 : 500));
    const waits: number[] = [];
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      expect(await deliverDue()).toBe(1);
      expect(await deliverDue(), "before its time").toBe(0);
      const [row] = await db()
        .select({ wait: sql<number>`extract(epoch from due_at - now())::float8`, reason: webhookDeliveries.reason })
        .from(webhookDeliveries)
        .where(eq(webhookDeliveries.webhookId, id));
      waits.push(row?.wait ?? 0);
      if (attempt === 1) expect(row?.reason).toBe("The receiver answered 302 Found; redirects are not followed");
      await makeDue();
    }
    RETRY_SECONDS.forEach((seconds, i) => {
      expect(waits[i]).toBeGreaterThan(seconds - 5);
      expect(waits[i]).toBeLessThanOrEqual(seconds * 1.1);
    });
    expect(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    const [given] = await service.listDeliveries(researcher, { webhookId: id });
    expect(given).toMatchObject({
      state: "failed",
      status: 500,
      attempts: MAX_ATTEMPTS,
      reason: `The receiver answered 500 Internal Server Error; given up after ${MAX_ATTEMPTS} attempts`,
    });
    expect(await deliverDue()).toBe(0);
    await service.resendDelivery(researcher, { deliveryId: given?.id ?? "" });
    await expect(service.resendDelivery(researcher, { deliveryId: given?.id ?? "" })).rejects.toMatchObject({ code: "CONFLICT" });
    expect(await deliverDue()).toBe(1);
    expect(await service.listDeliveries(researcher, { webhookId: id })).toMatchObject([{ state: "delivered", attempts: 1, id: given?.id }]);
  });

  it("that a process took and did not settle is due again, and the late one changes nothing", async () => {
    const { id } = await makeHook();
    await service.testWebhook(researcher, { webhookId: id });
    const [lost] = await takeDue(db(), { limit: 20, perWebhook: 5, busy: [] });
    expect(await deliverDue()).toBe(0);
    await makeDue();
    expect(await deliverDue()).toBe(1);
    receiver.answers = [500];
    if (lost !== undefined) await deliver(db(), lost, rules, live);
    expect(await service.listDeliveries(researcher, { webhookId: id })).toMatchObject([{ state: "delivered", attempts: 2 }]);
  });

  it("is taken once by processes side by side, and few of one webhook at a time", async () => {
    const [busy, other] = [await makeHook(), await makeHook()];
    for (let i = 0; i < 12; i++) await service.testWebhook(researcher, { webhookId: busy.id });
    await service.testWebhook(researcher, { webhookId: other.id });
    const taken = (await Promise.all([1, 2].map(() => takeDue(db(), { limit: 20, perWebhook: 5, busy: [] })))).flat();
    expect(new Set(taken.map(({ id }) => id)).size).toBe(taken.length);
    expect(taken.filter(({ webhookId }) => webhookId === other.id)).toHaveLength(1);
    expect(taken.filter(({ webhookId }) => webhookId === busy.id).length).toBeLessThanOrEqual(10);
    expect((await takeDue(db(), { limit: 20, perWebhook: 5, busy: [busy.id] })).filter(({ webhookId }) => webhookId === busy.id)).toEqual(
      [],
    );
  });

  it("that is answered 410 turns its webhook off, with the reason", async () => {
    const { id } = await makeHook();
    await service.testWebhook(researcher, { webhookId: id });
    receiver.answers = [410];
    await deliverDue();
    const [hook] = await service.listWebhooks(researcher, { projectId });
    expect(hook).toMatchObject({ enabled: false, disabledReason: expect.stringMatching(/410/), failed: 1 });
    await expect(service.testWebhook(researcher, { webhookId: id })).rejects.toMatchObject({ code: "CONFLICT" });
  });

  it("says why there was no answer", async () => {
    const { id } = await makeHook();
    await db().update(webhooks).set({ url: "http://127.0.0.1:2/" }).where(eq(webhooks.id, id));
    await service.testWebhook(researcher, { webhookId: id });
    await deliverDue();
    expect(await service.listDeliveries(researcher, { webhookId: id })).toMatchObject([
      { state: "pending", status: null, reason: expect.stringMatching(/ECONNREFUSED/) },
    ]);
  });

  it("is made by the loop of the web process, which ends when it is told to", async () => {
    const { id } = await makeHook();
    for (let i = 0; i < 8; i++) await service.testWebhook(researcher, { webhookId: id });
    const stop = new AbortController();
    const loop = deliverWebhooks(db(), rules, stop.signal);
    await expect.poll(async () => (await service.listWebhooks(researcher, { projectId }))[0]).toMatchObject({ delivered: 8, pending: 0 });
    stop.abort();
    await loop;
  });
});

describe("private networks", () => {
  const strict = { ...rules, allowPrivate: false };
  it.each([
    ["http://hooks.example.org/", /https/],
    ["https://localhost/hook", /private network/],
    ["https://127.0.0.1/hook", /private network/],
    ["https://[::1]/hook", /private network/],
    ["https://169.254.169.254/latest", /private network/],
    ["https://0x7f000001/hook", /private network/],
    ["https://user:word@hooks.example.org/", /password/],
  ])("%s cannot be a webhook", async (address, message) => {
    await expect(service.createWebhook(researcher, { projectId, url: address, events: ["run.finished"] }, strict)).rejects.toMatchObject({
      code: "BAD_INPUT",
      message,
    });
  });

  it("is not reached, also by a name that leads there", async () => {
    const { id } = await makeHook();
    for (const address of [receiver.url, receiver.url.replace("127.0.0.1", "localhost")]) {
      await db().update(webhooks).set({ url: address }).where(eq(webhooks.id, id));
      await service.testWebhook(researcher, { webhookId: id });
      const [delivery] = await takeDue(db(), { limit: 20, perWebhook: 5, busy: [] });
      if (delivery !== undefined) await deliver(db(), delivery, strict, live);
    }
    expect(receiver.received).toEqual([]);
    const rows = await service.listDeliveries(researcher, { webhookId: id });
    expect(rows.map(({ reason }) => reason)).toEqual([expect.stringMatching(/private network/), expect.stringMatching(/private network/)]);
  });
});
