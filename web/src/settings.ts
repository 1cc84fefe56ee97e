// What the reader chose: language and theme. Kept where the browser allows it.

export type Theme = "auto" | "light" | "dark";
export type Language = "en" | "zh";

function stored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function store(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // A page opened from a disk may not keep anything; the choice then holds until it is closed.
  }
}

export const settings = {
  theme: (stored("assay.theme") ?? "auto") as Theme,
  language: (stored("assay.language") ?? (navigator.language.startsWith("zh") ? "zh" : "en")) as Language,
};

export function setTheme(theme: Theme): void {
  settings.theme = theme;
  store("assay.theme", theme);
  applySettings();
}

export function setLanguage(language: Language): void {
  settings.language = language;
  store("assay.language", language);
  applySettings();
}

export function isDark(): boolean {
  return settings.theme === "dark" || (settings.theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
}

export function applySettings(): void {
  document.documentElement.lang = settings.language === "zh" ? "zh-CN" : "en";
  document.documentElement.dataset["theme"] = isDark() ? "dark" : "light";
}
