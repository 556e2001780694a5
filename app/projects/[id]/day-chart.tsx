"use client";
/** Judgements a day as bars, people and simulated annotators apart; the same numbers as a table for screen readers. */
import { Bar, BarChart, CartesianGrid, Legend, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import { formatCount } from "../format";

type Day = { day: string; people: number; simulated: number };

const SHOWN_DAYS = 30;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Every day up to today, with zeros where nothing was judged. */
export function fillDays(days: readonly Day[], today: Date): Day[] {
  const known = new Map(days.map((day) => [day.day, day]));
  return Array.from({ length: SHOWN_DAYS }, (_, i) => {
    const day = new Date(today.getTime() - (SHOWN_DAYS - 1 - i) * DAY_MS).toISOString().slice(0, 10);
    return known.get(day) ?? { day, people: 0, simulated: 0 };
  });
}

export function DayChart({ days }: { days: readonly Day[] }) {
  if (days.length === 0) return <p className="py-6 text-center text-sm text-muted">Nothing was judged in the last 30 days.</p>;
  const filled = fillDays(days, new Date());
  return (
    <>
      <div aria-hidden="true" className="h-44 text-xs">
        <ResponsiveContainer width="100%" height="100%">
          <BarChart data={filled} margin={{ top: 4, right: 4, bottom: 0, left: -16 }} accessibilityLayer={false}>
            <CartesianGrid vertical={false} stroke="var(--border)" />
            <XAxis
              dataKey="day"
              tickFormatter={(day: string) => day.slice(5)}
              tick={{ fill: "var(--muted)" }}
              stroke="var(--border)"
              minTickGap={24}
            />
            <YAxis allowDecimals={false} tick={{ fill: "var(--muted)" }} stroke="var(--border)" />
            <Tooltip
              cursor={{ fill: "var(--sunken)" }}
              contentStyle={{ background: "var(--surface)", border: "1px solid var(--border)", borderRadius: 8, color: "var(--text)" }}
              isAnimationActive={false}
            />
            <Legend />
            <Bar dataKey="people" name="People" stackId="all" fill="var(--series-1)" isAnimationActive={false} />
            <Bar dataKey="simulated" name="Simulated" stackId="all" fill="var(--series-2)" isAnimationActive={false} />
          </BarChart>
        </ResponsiveContainer>
      </div>
      <table className="sr-only">
        <caption>Judgements a day</caption>
        <thead>
          <tr>
            <th scope="col">Day</th>
            <th scope="col">People</th>
            <th scope="col">Simulated</th>
          </tr>
        </thead>
        <tbody>
          {days.map(({ day, people, simulated }) => (
            <tr key={day}>
              <td>{day}</td>
              <td>{formatCount(people)}</td>
              <td>{formatCount(simulated)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
