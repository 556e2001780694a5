"use client";
/** The attributes that people rate: a name, points, and what the ends mean. */
import { Plus, X } from "lucide-react";
import { MAX_SCALES, type Scale } from "@/domain/scale";
import { Button } from "../../../../components/ui/button";
import { Card, CardBody, CardHeader } from "../../../../components/ui/card";
import { Input } from "../../../../components/ui/field";

export type NumberedScale = Scale & { id: number };

export function ScaleRows({
  scales,
  onChange,
  problem,
  problemOfAll,
}: {
  scales: readonly NumberedScale[];
  onChange: (scales: readonly NumberedScale[]) => void;
  /** What is wrong with "<place>.<part>", or null. */
  problem: (field: string) => string | null;
  problemOfAll: string | null;
}) {
  const change = (id: number, part: Partial<Scale>) => onChange(scales.map((scale) => (scale.id === id ? { ...scale, ...part } : scale)));
  const add = () => onChange([...scales, { id: Math.max(-1, ...scales.map(({ id }) => id)) + 1, name: "", points: 5, low: "", high: "" }]);
  return (
    <Card>
      <CardHeader
        title="Attributes"
        description="The project's scales, unless you change them here"
        actions={
          <Button size="sm" disabled={scales.length >= MAX_SCALES} onClick={add}>
            <Plus aria-hidden="true" className="size-4" />
            Add
          </Button>
        }
      />
      <CardBody className="flex flex-col gap-3">
        {scales.map(({ id, name, points, low, high }, i) => {
          const wrong =
            (["name", "points", "low", "high"] as const).map((part) => problem(`${i}.${part}`)).find((message) => message !== null) ?? null;
          return (
            <fieldset
              key={id}
              className="grid grid-cols-[1fr_4.5rem_auto] gap-2 border-b pb-3 last:border-b-0 last:pb-0 sm:grid-cols-[1fr_4.5rem_1fr_1fr_auto]"
            >
              <legend className="sr-only">Attribute {i + 1}</legend>
              <Input
                aria-label="Attribute"
                placeholder="Attribute"
                maxLength={40}
                value={name}
                onChange={(event) => change(id, { name: event.target.value })}
              />
              <Input
                aria-label="Points, 2 to 10"
                inputMode="numeric"
                className="figures"
                value={String(points)}
                onChange={(event) => change(id, { points: Math.max(0, Math.floor(Number(event.target.value)) || 0) })}
              />
              <Input
                aria-label="What 1 means"
                placeholder="What 1 means"
                maxLength={40}
                className="order-1 col-span-3 sm:order-none sm:col-span-1"
                value={low}
                onChange={(event) => change(id, { low: event.target.value })}
              />
              <Input
                aria-label={`What ${points} means`}
                placeholder={`What ${points} means`}
                maxLength={40}
                className="order-1 col-span-3 sm:order-none sm:col-span-1"
                value={high}
                onChange={(event) => change(id, { high: event.target.value })}
              />
              <Button
                size="icon"
                variant="ghost"
                aria-label={`Remove attribute ${name === "" ? i + 1 : name}`}
                disabled={scales.length === 1}
                onClick={() => onChange(scales.filter((scale) => scale.id !== id))}
              >
                <X aria-hidden="true" className="size-4" />
              </Button>
              {wrong !== null && (
                <p role="alert" className="order-2 col-span-full text-sm text-failed">
                  {wrong}
                </p>
              )}
            </fieldset>
          );
        })}
        {problemOfAll !== null && (
          <p role="alert" className="text-sm text-failed">
            {problemOfAll}
          </p>
        )}
      </CardBody>
    </Card>
  );
}
