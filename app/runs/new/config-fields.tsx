"use client";
/** The fields of a run's config, group by group, each with its unit and usual range. */
import { isFieldUsed, RUN_FIELDS, type RunField, type RunFormValues } from "@/domain/run-fields";
import type { RunKind } from "@/domain/run";
import { Card, CardBody } from "../../components/ui/card";
import { Checkbox, Field, Input, Select, Textarea } from "../../components/ui/field";

type Props = {
  values: RunFormValues;
  errors: Readonly<Record<string, string>>;
  onChange: (path: string, value: string | boolean) => void;
};

function ConfigField({ spec, values, errors, onChange }: Props & { spec: RunField }) {
  const { path, label, hint, input, choices, empty } = spec;
  const value = values[path];
  const error = errors[path];
  if (input === "boolean") {
    return (
      <div className="flex flex-col gap-1 self-end">
        <Checkbox label={label} checked={value === true} onChange={(event) => onChange(path, event.target.checked)} />
        <p className="text-xs text-muted">{hint}</p>
        {error !== undefined && <p className="text-sm text-failed">{error}</p>}
      </div>
    );
  }
  const text = typeof value === "string" ? value : "";
  return (
    <Field label={label} hint={empty === undefined ? hint : `${hint}. ${empty}.`} error={error}>
      {input === "choice" ? (
        <Select name={path} value={text} onChange={(event) => onChange(path, event.target.value)}>
          {choices?.map((choice) => (
            <option key={choice.value} value={choice.value}>
              {choice.label}
            </option>
          ))}
        </Select>
      ) : input === "text" ? (
        <Textarea
          name={path}
          value={text}
          rows={3}
          spellCheck={false}
          className="font-mono text-xs"
          onChange={(event) => onChange(path, event.target.value)}
        />
      ) : (
        <Input
          name={path}
          value={text}
          inputMode={input === "integer" ? "numeric" : input === "number" ? "decimal" : undefined}
          autoComplete="off"
          spellCheck={false}
          className={input === "list" ? "" : "figures"}
          onChange={(event) => onChange(path, event.target.value)}
        />
      )}
    </Field>
  );
}

/** Groups after the first are folded, unless something in them is wrong. */
export function ConfigFields({ kind, values, errors, onChange }: Props & { kind: RunKind }) {
  // What a choice makes meaningless is not asked for, unless it is wrong there.
  const fields = RUN_FIELDS[kind].filter((spec) => isFieldUsed(spec, values) || errors[spec.path] !== undefined);
  const groups = [...new Set(fields.map(({ group }) => group))];
  return (
    <>
      {groups.map((group, index) => {
        const own = fields.filter((spec) => spec.group === group);
        const wrong = own.some(({ path }) => errors[path] !== undefined);
        const grid = (
          <CardBody className="grid gap-x-4 gap-y-4 sm:grid-cols-2 lg:grid-cols-3">
            {own.map((spec) => (
              <ConfigField key={spec.path} spec={spec} values={values} errors={errors} onChange={onChange} />
            ))}
          </CardBody>
        );
        return (
          <Card key={group} aria-label={group}>
            {index === 0 ? (
              <>
                <h2 className="border-b px-4 py-3 text-sm font-semibold">Settings</h2>
                {grid}
              </>
            ) : (
              // The key opens a folded group when an error in it appears; after that the person decides.
              <details key={String(wrong)} open={wrong || group === "Method" || group === "Sampling"}>
                <summary className="px-4 py-3 text-sm font-semibold focus-visible:-outline-offset-2">
                  {group} <span className="font-normal text-muted">({own.length} settings)</span>
                </summary>
                <div className="border-t">{grid}</div>
              </details>
            )}
          </Card>
        );
      })}
    </>
  );
}
