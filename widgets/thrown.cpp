#include "widgets/thrown.h"

#include <QObject>
#include <exception>
#include <new>

#include "core/error.h"

namespace lvr {

QString thrownSentence() {
    try {
        throw;
    } catch (const Error& error) {
        return QString::fromStdString(error.what());
    } catch (const std::bad_alloc&) {
        return QObject::tr("There is not enough memory for this; close something and try again.");
    } catch (const std::exception& error) {
        return QObject::tr("This failed: %1; try it again.")
            .arg(QString::fromUtf8(error.what()).section('\n', 0, 0).left(300));
    } catch (...) {
        return QObject::tr("This failed for a reason that nobody knows; try it again.");
    }
}

}  // namespace lvr
