/** The admin room opens on the accounts. */
import { redirect } from "next/navigation";

export default function AdminPage(): never {
  redirect("/admin/users");
}
