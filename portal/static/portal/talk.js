// What the simulated platform showed to the customer since the page was made.
(function () {
  var talk = document.getElementById("talk");
  if (!talk || !window.fetch) return;
  setInterval(function () {
    if (document.hidden) return;
    fetch(talk.getAttribute("data-again"), { credentials: "same-origin" })
      .then(function (answer) { return answer.ok ? answer.text() : ""; })
      .then(function (html) { if (html && html !== talk.innerHTML) talk.innerHTML = html; });
  }, 2000);
})();
