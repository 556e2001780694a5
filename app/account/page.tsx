/** The own account: who one is here, the own data, and deleting both. */
import { AccountView } from "./account-view";

export default function AccountPage() {
  return <AccountView />;
}
