/** Codes of failed sign-ins (ours and NextAuth's) in words. */
const TEXTS: Record<string, string> = {
  CredentialsSignin: "E-mail address and password do not belong together, or the account is disabled.",
  RateLimited: "Too many attempts. Wait 15 minutes and try again.",
  Refused: "This account cannot sign in here: its address is not confirmed, it is disabled, or sign-up is closed. Ask an admin.",
  AccessDenied: "The provider refused the sign-in.",
  OAuthCallback: "The provider's answer could not be read. Try again.",
  OAuthSignin: "The provider could not be reached. Try again.",
};

export function signInErrorText(code: string): string {
  return TEXTS[code] ?? "Sign-in did not work. Try again.";
}
