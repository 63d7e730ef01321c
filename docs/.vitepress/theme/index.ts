// The default theme with the reader's own fonts, so that none has to be loaded.
import DefaultTheme from "vitepress/theme-without-fonts";
// oxlint-disable-next-line import/no-unassigned-import -- the bundler takes it into the page
import "./style.css";

export default DefaultTheme;
