import { InspectorPage } from './inspector-page.ts'
import { followTheme } from './theme.ts'

followTheme()
new InspectorPage().start()
