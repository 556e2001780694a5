/**
 * The values that facts of the demo world take. Every value is a fixed phrase of one to four words, so that a
 * summary can be checked against its record by looking for them.
 *
 * Every sixth value is kept in reserve: it occurs in no dialogue as a fact, only in the other tasks of the pretraining
 * corpus and as a slip of the agent. A model of this size does not copy a value that it never met as a fact.
 */

export const FACT_KINDS = ["name", "product", "fault", "since", "tried", "wanted"] as const;
export type FactKind = (typeof FACT_KINDS)[number];

const list = (text: string) => text.split(",").map((value) => value.trim());

export const INVENTORY: Record<FactKind, string[]> = {
  name: list(`Maria, Tom, Aisha, Ben, Clara, David, Elena, Felix, Grace, Hugo, Ines, Jack, Karim, Laura, Marco, Nina,
    Oscar, Paula, Rosa, Sam, Tara, Victor, Wendy, Yusuf, Zoe, Adam, Bella, Carl, Diana, Emil, Fatima, George, Hanna,
    Ivan, Julia, Kofi, Lena, Mohan, Nora, Otto, Petra, Ravi, Sara, Theo, Uma, Vera, Walter, Xenia, Yara, Anton,
    Bruno, Celia, Dora, Edgar, Frida, Gina, Henry, Irma, Jonas, Kira`),
  product: list(`kettle, toaster, laptop, printer, camera, phone, tablet, heater, blender, vacuum, washer, dryer, oven,
    fridge, freezer, monitor, keyboard, router, speaker, headset, drone, scooter, bicycle, treadmill, lamp, clock,
    radio, television, projector, mixer, grill, shaver, scale, fan, humidifier, drill, mower, charger, mouse, watch`),
  fault: list(`leaks, will not start, smells of smoke, makes a loud noise, overheats, shuts down, is cracked,
    shows an error code, does not charge, loses its settings, runs too slowly, vibrates, will not connect,
    arrived broken, has a dead screen, turns off at night, drips oil, flickers, beeps all day, freezes,
    is missing a part, does not heat, blows a fuse, has a loose handle, gives wrong numbers, will not close,
    skips its timer, sparks, sounds hollow, gets stuck`),
  since: list(`on Monday, on Tuesday, on Wednesday, on Thursday, on Friday, on Saturday, on Sunday, last week, last month,
    this morning, yesterday, two days ago, three weeks ago, in January, in March, in April, in June, in July,
    in October, in December, after the update, after the move, a year ago, last night`),
  tried: list(`a new cable, a full reset, another socket, a new battery, cleaning it, an update, a new filter,
    reading the manual, calling a friend, turning it off, another room, a longer wait, tightening the screws,
    a different app, changing the fuse, drying it, a new bulb, removing the cover`),
  wanted: list(`a refund, a repair, a new one, a discount, a call back, a spare part, a voucher, a visit at home,
    an apology, a longer warranty, store credit, a pick up, written advice, a cheaper model, a free delivery,
    a swap, help by mail, a manager`),
};

/** Places for the task of naming them. */
export const PLACES = list(`London, Paris, Berlin, Madrid, Rome, Vienna, Oslo, Cairo, Lagos, Nairobi, Delhi, Tokyo, Seoul,
  Sydney, Lima, Quito, Boston, Chicago, Denver, Toronto, Lisbon, Dublin, Prague, Athens, Hanoi, Manila, Accra, Tunis,
  Riga, Turin`);

/**
 * Words for the values of pretraining that belong to no inventory: with them the corpus holds many thousands of
 * values, and a model can only learn to read them off the dialogue.
 */
export const OPEN_WORDS = {
  name: list(`Alan, Berta, Cora, Dario, Edith, Fabio, Gero, Heidi, Igor, Janet, Kurt, Linda, Mila, Nico, Olga, Pablo, Quinn,
    Rita, Simon, Tina, Ugo, Viola, Wanda, Yvonne, Zeno, Amir, Bob, Carla, Dennis, Eva, Frank, Gloria, Hector, Iris,
    Jan, Karen, Leo, Mina, Neil, Olivia, Peter, Rachel, Stefan, Tanja, Ulrich, Vince, Willy, Zara`),
  adjective: list(
    `red, green, small, large, old, soft, round, heavy, light, quick, quiet, dark, warm, cold, long, short, cheap, clean, simple, strong`,
  ),
  noun: list(`chair, table, book, bag, box, door, shelf, pump, tent, guitar, piano, ladder, mirror, carpet, basket, bottle,
    saw, hammer, engine, tap, coat, desk, bench, stove, boiler, candle, brush, whistle, helmet, compass`),
  verb: list(
    `creaks, bends, tears, rattles, rusts, squeaks, wobbles, fades, peels, hums, clicks, tilts, slips, sinks, swells, melts, jumps, spins, cracks, stops`,
  ),
  adverb: list(
    `often, slowly, again, badly, a little, every hour, in the rain, on the left, at noon, after use, when it is cold, for no reason`,
  ),
  action: list(`washing, oiling, shaking, moving, painting, opening, folding, heating, cooling, weighing, pressing, lifting`),
} as const;

const RESERVE_EVERY = 6;

/** The values that dialogues are written from, or those in reserve. */
export function valuesOf(kind: FactKind, reserve: boolean): string[] {
  return INVENTORY[kind].filter((_, i) => (i % RESERVE_EVERY === RESERVE_EVERY - 1) === reserve);
}
