/** Functions compiled for a model are made once for it, so that the next run in this process finds their graphs. */
import type { Engine } from "../engine/engine";
import type { Model } from "./model";

/** `make`, called once for each engine and model; models of one config.json are one object (create-model.ts). */
export function oncePerModel<M extends Model, T>(make: (engine: Engine, model: M) => T): (engine: Engine, model: M) => T {
  const made = new WeakMap<Engine, WeakMap<M, T>>();
  return (engine, model) => {
    let ofEngine = made.get(engine);
    if (!ofEngine) {
      ofEngine = new WeakMap();
      made.set(engine, ofEngine);
    }
    let value = ofEngine.get(model);
    if (value === undefined) {
      value = make(engine, model);
      ofEngine.set(model, value);
    }
    return value;
  };
}
