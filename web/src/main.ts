// The page: its frame, its views, and what of it is shown.
import {disposeCharts, startCharts} from "./chart";
import {h, replaceChildren} from "./element";
import {inlineForeign} from "./foreign_text";
import {t} from "./i18n";
import {applySettings, setLanguage, setTheme, settings, type Language, type Theme} from "./settings";
import {readStudy, type Family, type Study} from "./study";
import "./styles/page.css";
import "./styles/parts.css";
import "./styles/views.css";
import {select, type Context, type View} from "./view";
import {decisionView} from "./views/decision";
import {divergenceView} from "./views/divergence";
import {explorerView} from "./views/explorer";
import {flipsView} from "./views/flips";
import {frontierView} from "./views/frontier";
import {guideView} from "./views/guide";
import {layersView} from "./views/layers";
import {methodView} from "./views/method";
import {perplexityView} from "./views/perplexity";
import {speedView} from "./views/speed";

const kViews: View[] = [decisionView, explorerView, flipsView, frontierView, divergenceView, perplexityView, speedView, layersView, methodView, guideView];

class Page {
  private family: Family;
  private readonly main = h("main", {id: "view", tabindex: -1});
  private printing = false;

  constructor(private readonly study: Study, private readonly root: Element) {
    this.family = study.families[0] as Family;
    window.addEventListener("hashchange", () => this.draw(true));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.themeChanged());
    window.addEventListener("beforeprint", () => this.print(true));
    window.addEventListener("afterprint", () => this.print(false));
    this.draw(false);
  }

  private get view(): View {
    return kViews.find((v) => `#${v.id}` === location.hash) ?? decisionView;
  }

  private context(): Context {
    return {study: this.study, family: this.family, setFamily: (name) => {
      this.family = this.study.families.find((f) => f.name === name) ?? this.family;
      this.draw(false);
    }};
  }

  private draw(focus: boolean): void {
    document.title = `${this.study.title} · Assay`;
    replaceChildren(this.root, h("a", {class: "skip", href: "#view", onclick: (event) => {
      event.preventDefault();
      this.main.focus();
    }}, t("page.skip")), this.header(), h("div", {class: "frame"}, this.navigation(), this.main), this.footer());
    this.drawView();
    if (focus) this.main.focus();
  }

  private drawView(): void {
    disposeCharts();
    const views = this.printing ? kViews.filter((view) => view !== flipsView) : [this.view];
    replaceChildren(this.main, ...views.map((view) => h("div", {class: "view", "data-view": view.id},
      h("h1", {}, t(view.label)), h("p", {class: "lead"}, t(view.lead)), ...view.render(this.context()))));
    startCharts();
  }

  // All views go to paper, in light colours; items are for the screen, there are too many.
  private print(on: boolean): void {
    this.printing = on;
    if (on) document.documentElement.dataset["theme"] = "light";
    else applySettings();
    this.drawView();
  }

  private themeChanged(): void {
    applySettings();
    this.draw(false);
  }

  private header(): HTMLElement {
    const language = select(t("page.language"), settings.language, [["en", "English"], ["zh", "中文"]], (value) => {
      setLanguage(value as Language);
      this.draw(false);
    });
    const theme = select(t("page.theme"), settings.theme, [["auto", t("theme.auto")], ["light", t("theme.light")], ["dark", t("theme.dark")]], (value) => {
      setTheme(value as Theme);
      this.draw(false);
    });
    return h("header", {class: "top"},
      h("div", {class: "brand"}, h("span", {class: "wordmark"}, "Assay"), h("span", {class: "title"}, inlineForeign(this.study.title))),
      h("div", {class: "page-settings"}, language, theme, h("button", {type: "button", class: "quiet", onclick: () => window.print()}, t("page.print"))));
  }

  private navigation(): HTMLElement {
    return h("nav", {"aria-label": t("page.views")}, h("ul", {}, ...kViews.map((view) =>
      h("li", {}, h("a", {href: `#${view.id}`, "aria-current": view === this.view ? "page" : null}, t(view.label))))));
  }

  private footer(): HTMLElement {
    return h("footer", {}, t("page.footer", {version: this.study.assay_version, created: this.study.created.replace("T", " ").replace("Z", " UTC")}));
  }
}

function start(): void {
  applySettings();
  const root = document.getElementById("app");
  if (!root) return;
  try {
    new Page(readStudy(), root);
  } catch (error) {
    replaceChildren(root, h("p", {class: "empty"}, String(error)));
    throw error;
  }
}

start();
