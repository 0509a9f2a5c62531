// The theme remembers how far the list of pages was scrolled. Whoever came
// by a link would not find the present page in it: bring it into view.
window.addEventListener("load", function () {
  var list = document.querySelector(".bd-sidebar-primary");
  var here = list && list.querySelector("li.current > a.current");
  if (!here) return;
  var seen = list.getBoundingClientRect();
  var box = here.getBoundingClientRect();
  if (box.top < seen.top || box.bottom > seen.bottom) {
    list.scrollTop += box.top - seen.top - seen.height / 2;
  }
});
