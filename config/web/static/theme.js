// Runs before the first paint: the remembered theme and language of this browser.
// A classic script, because a module would run after the page has flashed in the other theme.
{
  const root = document.documentElement;
  let theme = null;
  let language = null;
  try {
    theme = localStorage.getItem("menshen.theme");
    language = localStorage.getItem("menshen.language");
  } catch {
    // Storage may be forbidden; the page's own defaults hold then.
  }
  if (theme === "dark" || theme === "light") root.dataset.theme = theme;
  // Paper is white, whatever the screen is.
  let shown = "";
  addEventListener("beforeprint", () => {
    shown = root.dataset.theme ?? "";
    root.dataset.theme = "light";
  });
  addEventListener("afterprint", () => {
    if (shown) root.dataset.theme = shown;
    else delete root.dataset.theme;
  });
  const isKnown = language === "zh-CN" || language === "en";
  root.lang = isKnown ? language : navigator.language.startsWith("zh") ? "zh-CN" : "en";
}
