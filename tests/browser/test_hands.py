"""What hands do: keys without a mouse, the language and the theme, a toast with its undo, a way back."""

from playwright.sync_api import Page, expect

from tests.browser.looking import Looker


def test_by_keyboard_alone(admin: Page) -> None:
    admin.keyboard.press("?")
    expect(admin.locator("#keys")).to_be_visible()
    admin.keyboard.press("Escape")
    expect(admin.locator("#keys")).to_be_hidden()
    admin.keyboard.press("g")
    admin.keyboard.press("u")
    admin.wait_for_url("**/accounts")
    admin.keyboard.press("j")
    admin.keyboard.press("j")
    expect(admin.locator("tr.is-here")).to_contain_text("agent")
    admin.keyboard.press("k")
    admin.keyboard.press("Enter")
    admin.wait_for_url("**/accounts/admin")
    admin.go_back()
    admin.keyboard.press("n")
    admin.wait_for_url("**/accounts/new")
    expect(admin.locator("#name")).to_be_focused()
    admin.keyboard.type("g?u")
    expect(admin.locator("#name")).to_have_value("g?u")
    expect(admin.locator("#keys")).to_be_hidden()


def test_language_and_theme_stay_where_one_is(looker: Looker) -> None:
    page = looker.signed_in("supervisor", to="/me")
    page.get_by_role("button", name="中文").click()
    expect(page.locator("h1")).to_have_text("我的账号")
    assert page.url.endswith("/me")
    page.locator("form[action='/theme'] button").click()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    page.locator("form[action='/theme'] button").click()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    page.locator("form[action='/theme'] button").click()
    page.get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_have_text("My account")


def test_disabling_is_undone_from_its_toast(admin: Page) -> None:
    admin.goto("/accounts/supervisor")
    admin.get_by_role("button", name="Disable").click()
    toast = admin.locator(".toast")
    expect(toast).to_contain_text("supervisor is disabled")
    toast.get_by_role("button", name="Undo").click()
    expect(admin.locator(".toast")).to_contain_text("may sign in again")
    expect(admin.locator("main .state")).to_have_text("may sign in")


def test_filters_go_into_the_address_without_what_is_not_asked(admin: Page) -> None:
    admin.goto("/accounts")
    admin.get_by_label("Role").select_option("agent")
    admin.wait_for_url("**/accounts?role=agent")
    expect(admin.locator("tbody tr")).to_have_count(1)
    admin.get_by_role("link", name="Clear filters").click()
    admin.wait_for_url("**/accounts")
    admin.go_back()
    expect(admin.locator("tbody tr")).to_have_count(1)


def test_without_scripts_pages_work(looker: Looker) -> None:
    context = looker.page().context.browser
    assert context
    plain = context.new_context(java_script_enabled=False, base_url=looker.url)
    page = plain.new_page()
    page.goto("/me")
    page.locator("#name").fill("agent")
    page.locator("#password").fill("a willow by the water")
    page.locator("button.primary").click()
    expect(page.locator("h1")).to_be_visible()
    assert page.url.endswith("/me")
    plain.close()
