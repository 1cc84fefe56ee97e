// Words of the page. English defines which there are; another language that lacks one does not compile.
import {settings} from "../settings";
import {en, type Messages} from "./en";
import {zh} from "./zh";

export type Key = keyof Messages;

const kLanguages: Record<string, Messages> = {en, zh};

// "{name}" in a message is replaced by parameters.name.
export function t(key: Key, parameters: Record<string, string | number> = {}): string {
  const text = (kLanguages[settings.language] ?? en)[key];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(parameters[name] ?? whole));
}

// Of words that come from data: a class of tasks, a rule. Unknown ones stay as they are.
export function tOr(key: string, otherwise: string): string {
  return key in en ? t(key as Key) : otherwise;
}
