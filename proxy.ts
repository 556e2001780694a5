/**
 * Runs before every page: sends visitors to sign-in and people without the role home, and sets the
 * content security policy with a nonce of its own for each answer. Roles come from the database, as
 * everywhere: a role that changed a moment ago must not send anybody in circles.
 */
import { type NextRequest, NextResponse } from "next/server";
import { type Role, roleAtLeast } from "@/domain/user";
import { listImageHosts } from "@/server/image-hosts";
import { userOfCookies } from "@/server/session-token";

/** The rooms and who they open for; null is everybody. A page that is not listed needs somebody signed in. */
const ROOMS: readonly (readonly [prefix: string, role: Role | null])[] = [
  ["/sign-in", null],
  ["/sign-up", null],
  ["/sign-out", null],
  ["/leaderboard", null],
  ["/developers", null],
  ["/invite", null],
  // An annotator may be more in one project: the rooms of researchers look at that themselves.
  ["/admin", "admin"],
];

function neededRole(path: string): Role | null {
  if (path === "/") return null;
  const room = ROOMS.find(([prefix]) => path === prefix || path.startsWith(`${prefix}/`));
  return room === undefined ? "annotator" : room[1];
}

function contentSecurityPolicy(nonce: string, hosts: readonly string[]): string {
  // React's development build reports errors with eval; its production build does not need it.
  const evaluation = process.env.NODE_ENV === "development" ? " 'unsafe-eval'" : "";
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${evaluation}`,
    // Positions of charts, menus and dragged items are inline styles.
    "style-src 'self' 'unsafe-inline'",
    ["img-src 'self' data: blob:", ...hosts.map((host) => `https://${host}`)].join(" "),
    "font-src 'self'",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}

export async function proxy(request: NextRequest): Promise<NextResponse> {
  const { pathname, search } = request.nextUrl;
  const needed = neededRole(pathname);
  if (needed !== null) {
    const user = await userOfCookies(request.cookies.getAll());
    if (user === null) {
      const signIn = new URL("/sign-in", request.url);
      signIn.searchParams.set("next", pathname + search);
      return NextResponse.redirect(signIn);
    }
    if (!roleAtLeast(user.role, needed)) return NextResponse.redirect(new URL("/", request.url));
  }
  const nonce = btoa(crypto.randomUUID());
  const policy = contentSecurityPolicy(nonce, needed === null ? [] : await listImageHosts());
  const headers = new Headers(request.headers);
  headers.set("x-nonce", nonce);
  // Next.js takes the nonce for its own scripts from here.
  headers.set("content-security-policy", policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("content-security-policy", policy);
  return response;
}

export const config = {
  matcher: ["/((?!api/|_next/static|_next/image|favicon.ico|icon.svg).*)"],
};
