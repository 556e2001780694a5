/** Many rows out of PostgreSQL at little cost: COPY in its binary form, row by row as they come. */
import type { Readable } from "node:stream";
import type { SQL } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import type postgres from "postgres";
import type { Db } from "./client";

/** "PGCOPY\n\377\r\n\0", then flags and the length of an extension. */
const HEADER = 19;
/** Microseconds from 1970, PostgreSQL's count of a moment from 2000. */
const EPOCH = 946_684_800_000_000;
/** Bytes that are read together. */
const BLOCK = 1 << 18;

/** One row: where each field stands in `bytes`. Valid until the next row. */
export type CopyRow = {
  bytes: Buffer;
  /** Where the field's value begins, by the field's number. */
  at: Int32Array;
  /** Bytes of the value; -1 where it is null. */
  length: Int32Array;
};

/**
 * Runs `query` (of `fields` columns) and calls `read` with each row. Values are as PostgreSQL sends them: uuid 16 bytes, float8
 * and int8 big-endian, timestamptz int8 (readMoment), jsonb its text behind one byte. What `read` throws is thrown at the query's end.
 * Source: PostgreSQL's manual, COPY, "Binary Format". Not for transactions: it takes a connection of the pool.
 */
export async function copyRows(db: Db, query: SQL, fields: number, read: (row: CopyRow) => void): Promise<void> {
  const { sql: text } = new PgDialect().sqlToQuery(query.inlineParams());
  const client = (db as Db & { $client: postgres.Sql }).$client;
  const row: CopyRow = { bytes: Buffer.alloc(0), at: new Int32Array(fields), length: new Int32Array(fields) };
  let begun = false;
  let waiting: Buffer[] = [];
  let size = 0;
  /** Reads the whole rows of what waits; the rest waits on. */
  const readBlock = () => {
    const bytes = waiting.length === 1 ? (waiting[0] as Buffer) : Buffer.concat(waiting, size);
    row.bytes = bytes;
    // A block, and the shortest answer too, is longer than the header.
    let next = begun ? 0 : HEADER;
    begun = true;
    for (let at = next; at + 2 <= bytes.length; next = at) {
      const count = bytes.readInt16BE(at);
      at += 2;
      // The end.
      if (count === -1) continue;
      if (count !== fields) throw new Error(`copy: a row of ${count} columns instead of ${fields}`);
      let field = 0;
      for (; field < fields && at + 4 <= bytes.length; field++) {
        const length = bytes.readInt32BE(at);
        at += 4;
        row.at[field] = at;
        row.length[field] = length;
        at += Math.max(0, length);
      }
      if (field < fields || at > bytes.length) break;
      read(row);
    }
    const rest = bytes.subarray(next);
    waiting = rest.length === 0 ? [] : [rest];
    size = rest.length;
  };
  // A connection of its own: the pool would send other queries to a busy one, behind the rows at best.
  const own = await client.reserve();
  const rows = new Promise<void>((resolve, reject) => {
    let failure: { error: unknown } | null = null;
    const readOn = () => {
      try {
        readBlock();
      } catch (error) {
        failure = { error };
      }
    };
    const listen = (stream: Readable) =>
      stream
        .on("data", (chunk: Buffer) => {
          // After a failure the rest is taken and dropped, as the connection is of use only behind it.
          if (failure !== null) return;
          waiting.push(chunk);
          size += chunk.length;
          if (size >= BLOCK) readOn();
        })
        .on("error", reject)
        .on("end", () => {
          // Where all came in one packet, the connection may have been told to wait for a reader, and no reader comes any more.
          stream._read(0);
          if (failure === null) readOn();
          if (failure === null && size > 0) failure = { error: new Error(`copy: ${size} bytes are left over`) };
          if (failure === null) resolve();
          else reject(failure.error);
        });
    const pending = own.unsafe(`copy (${text}) to stdout (format binary)`);
    // Rows, and an error, may come in one packet with the stream's beginning: before whoever awaits the stream goes on.
    const inner = pending as unknown as { resolve: (stream: Readable) => void };
    const { resolve: give } = inner;
    inner.resolve = (stream) => {
      inner.resolve = give;
      listen(stream);
      give(stream);
    };
    pending.readable().catch(reject);
  });
  await rows.finally(() => own.release());
}

/** Microseconds since 1970 of a timestamptz at `at`. */
export const readMoment = (bytes: Buffer, at: number): number => Number(bytes.readBigInt64BE(at)) + EPOCH;
