// Starts the Design System's behaviour for the components that are on the page. Everything works without it.
import { Button } from '../dist/govuk/components/button/button.js'
import { CharacterCount } from '../dist/govuk/components/character-count/character-count.js'
import { ErrorSummary } from '../dist/govuk/components/error-summary/error-summary.js'
import { SkipLink } from '../dist/govuk/components/skip-link/skip-link.js'

const COMPONENTS = [Button, CharacterCount, ErrorSummary, SkipLink]

// The class that the components look for, and that styles may use.
document.body.classList.add('js-enabled', 'govuk-frontend-supported')

for (const Component of COMPONENTS) {
  for (const element of document.querySelectorAll(`[data-module="${Component.moduleName}"]`)) new Component(element)
}
