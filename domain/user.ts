/** People: three roles, each with everything the one before may do; and what a new account needs. */
import { z } from "zod";

export const ROLES = ["annotator", "researcher", "admin"] as const;
export const roleSchema = z.enum(ROLES);
export type Role = z.infer<typeof roleSchema>;

/** Whether `role` may do what `needed` may do. */
export function roleAtLeast(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** Trimmed and in lower case, so that one address is one account. */
export const emailSchema = z
  .string()
  .trim()
  .toLowerCase()
  .pipe(z.email("Enter an e-mail address such as name@example.org").max(254, "At most 254 characters"));

export const MIN_PASSWORD_LENGTH = 10;
export const passwordSchema = z
  .string()
  .min(MIN_PASSWORD_LENGTH, `At least ${MIN_PASSWORD_LENGTH} characters`)
  .max(200, "At most 200 characters");

export const userNameSchema = z.string().trim().min(1, "Enter a name").max(100, "At most 100 characters");

/** What a person gives to get an account. */
export const signUpSchema = z.strictObject({ email: emailSchema, name: userNameSchema, password: passwordSchema });
export type SignUp = z.infer<typeof signUpSchema>;

/** What an admin gives to make one; a password is generated and shown once. */
export const newUserSchema = z.strictObject({ email: emailSchema, name: userNameSchema, role: roleSchema });
export type NewUserInput = z.infer<typeof newUserSchema>;
