/** Progress of long commands: a bar that redraws itself on a terminal, plain lines elsewhere. */

const WIDTH = 28;

export type Progress = {
  update(done: number, total: number, note?: string): void;
  /** Ends the bar with a closing note. */
  end(note?: string): void;
};

const seconds = (ms: number) =>
  ms < 99_500 ? `${(ms / 1000).toFixed(0)} s` : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;

export function createProgress(name: string, out: NodeJS.WriteStream = process.stderr): Progress {
  const started = performance.now();
  let lastLine = "";
  let lastTenth = -1;
  return {
    update(done, total, note = "") {
      const share = total > 0 ? Math.min(1, done / total) : 0;
      const spent = performance.now() - started;
      const left = share > 0.02 ? `, ${seconds((spent / share) * (1 - share))} left` : "";
      if (out.isTTY) {
        const filled = Math.round(share * WIDTH);
        lastLine = `${name.padEnd(12)} ${"█".repeat(filled)}${"·".repeat(WIDTH - filled)} ${done}/${total} ${seconds(spent)}${left} ${note}`;
        out.write(`\r\x1b[2K${lastLine.slice(0, (out.columns ?? 100) - 1)}`);
        return;
      }
      const tenth = Math.floor(share * 4);
      if (tenth === lastTenth) return;
      lastTenth = tenth;
      out.write(`${name}: ${done}/${total}, ${seconds(spent)}${left} ${note}\n`);
    },
    end(note = "") {
      const line = `${name.padEnd(12)} ${seconds(performance.now() - started).padStart(8)}  ${note}`;
      out.write(out.isTTY ? `\r\x1b[2K${line}\n` : `${line}\n`);
    },
  };
}
