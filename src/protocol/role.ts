/** What a side of a pair is, what it can be ordered to become, and why that fails. */
export type Role = 'initial' | 'active' | 'standby'
export type Designation = 'active' | 'standby' | 'swap'

/** Why an operator's command failed. The text for people lives in the locales. */
export type CommandError = 'unknown-command' | 'peer-offline' | 'refused' | 'not-confirmed' | 'busy' | 'stopped'

/** What a command came to. */
export type CommandResult =
  | { readonly ok: true; readonly role: Role }
  | { readonly ok: false; readonly error: CommandError; readonly detail: string }
