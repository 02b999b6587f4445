// Tells, while it is typed, whether a reference number can be right. Twin of tickets/reference.py.
(function () {
  "use strict";
  var DAMM = ["0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
    "3674209581", "5869720134", "8945362017", "9438617205", "2581436790"];

  function read(text) {
    var digits = text.normalize("NFKC").replace(/[^0-9]/g, "");
    var row = 0;
    for (var i = 0; i < digits.length; i++) row = Number(DAMM[row][Number(digits[i])]);
    return { length: digits.length, holds: digits.length === 13 && row === 0 };
  }

  function tell(input) {
    var result = read(input.value);
    var bad = result.length > 12 && !result.holds;
    var hint = document.getElementById(input.id + "-hint");
    input.setAttribute("aria-invalid", bad ? "true" : "false");
    if (!hint) return;
    var text = (result.holds && input.dataset.ok) || (bad && input.dataset.bad) || "";
    if (hint.textContent !== text) hint.textContent = text;
  }

  document.addEventListener("input", function (event) {
    if (event.target.classList.contains("reference")) tell(event.target);
  });
  document.querySelectorAll("input.reference").forEach(function (input) {
    if (input.value) tell(input);
  });
  window.harbourReference = read;
})();
