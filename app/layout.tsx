/** The root of every page: language, fonts and colours, and the providers of the client side. */
import type { Metadata, Viewport } from "next";
import { headers } from "next/headers";
import type { ReactNode } from "react";
import "./globals.css";
import { Providers } from "./trpc";

export const metadata: Metadata = {
  title: { default: "Hone", template: "%s · Hone" },
  description: "Human preferences to a better policy: annotate, train, evaluate, rank.",
};

export const viewport: Viewport = {
  width: "device-width",
  initialScale: 1,
  colorScheme: "light dark",
};

export default async function RootLayout({ children }: { children: ReactNode }) {
  // The nonce of the content security policy differs by request, so no page may be rendered ahead.
  await headers();
  return (
    <html lang="en">
      <body className="min-h-dvh antialiased">
        <Providers>{children}</Providers>
      </body>
    </html>
  );
}
