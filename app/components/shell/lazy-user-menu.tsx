"use client";
/** The menu in a chunk of its own: visitors do not load what only signed-in people use. */
import dynamic from "next/dynamic";

export const UserMenu = dynamic(async () => (await import("./user-menu")).UserMenu);
