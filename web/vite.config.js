// One HTML file with everything inside: it must open from a disk, without a network.
import {defineConfig} from "vite";

function inlineEverything() {
  return {
    name: "inline-everything",
    enforce: "post",
    generateBundle(_, bundle) {
      const page = Object.values(bundle).find((file) => file.fileName.endsWith(".html"));
      const take = (ending) => Object.values(bundle).filter((file) => file.fileName.endsWith(ending));
      let html = page.source.replace(/<script[^>]*src=[^>]*><\/script>/g, "").replace(/<link[^>]*stylesheet[^>]*>/g, "");
      const style = take(".css").map((file) => file.source).join("\n");
      // Inside a script only "</script" ends it; "<!--" would change how its end is found.
      const script = take(".js").map((file) => file.code).join("\n")
        .replace(/<\/script/g, "<\\/script").replace(/<!--/g, "<\\!--");
      html = html.replace("</head>", () => `<style>${style}</style></head>`);
      html = html.replace("</body>", () => `<script type="module">${script}</script></body>`);
      for (const name of Object.keys(bundle)) delete bundle[name];
      bundle[page.fileName] = {...page, source: html};
    },
  };
}

export default defineConfig({
  base: "./",
  build: {
    target: "es2022",
    modulePreload: false,
    assetsInlineLimit: 1e8,
    cssCodeSplit: false,
    reportCompressedSize: false,
    rollupOptions: {output: {inlineDynamicImports: true}},
  },
  plugins: [inlineEverything()],
});
