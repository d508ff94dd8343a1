// From a folder (file://) a page may not fetch others, so the search shows titles without excerpts.
if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS !== "undefined") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}

// The theme binds the first toggle of each side, which stands in the header that site.css hides.
document.addEventListener("DOMContentLoaded", () => {
  for (const side of ["primary", "secondary"]) {
    const [bound, ...others] = document.querySelectorAll(`button.${side}-toggle`);
    for (const other of others) other.addEventListener("click", () => bound.click());
  }
});

// Paper is light, whatever the screen is.
let onScreen;
addEventListener("beforeprint", () => {
  onScreen = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
});
addEventListener("afterprint", () => { document.documentElement.dataset.theme = onScreen; });

// An explorer: each position of its sliders is a frame that was drawn when the site was built.
document.addEventListener("DOMContentLoaded", () => {
  for (const figure of document.querySelectorAll("figure.explorer")) {
    const frames = JSON.parse(figure.querySelector("script").textContent);
    const sliders = [...figure.querySelectorAll("input")];
    const show = () => {
      let number = 0;
      for (const slider of sliders) {
        const value = JSON.parse(slider.dataset.values)[slider.value];
        number = number * (Number(slider.max) + 1) + Number(slider.value);
        slider.nextElementSibling.value = value;
        slider.setAttribute("aria-valuetext", value);
      }
      const [picture, sentence] = frames[number];
      figure.querySelector(".frame").innerHTML = picture;
      figure.querySelector("figcaption").textContent = sentence;
    };
    for (const slider of sliders) slider.addEventListener("input", show);
    figure.querySelector(".controls").hidden = false;
  }
});
