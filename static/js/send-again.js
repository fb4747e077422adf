// Signing in, in another tab, changes the security token, so the form is sent with the one that the browser has now.
const form = document.querySelector("form[data-send-again]");
form?.addEventListener("submit", () => {
  const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
  if (token) form.elements.csrfmiddlewaretoken.value = token;
});
