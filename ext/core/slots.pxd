# The places of a Python class's own __slots__, found once: an object of it is made here without a search for a name, as
# its constructor would make it. Called with the GIL.
# Only in C: objects as C sees them.

from cpython.object cimport PyObject


cdef extern from *:
    """
    #include <structmember.h>

    /* How far behind an object's start the value of a slot lies; -1 with an error for what is no such slot. */
    static Py_ssize_t tc_slot_of(PyObject *cls, const char *name) {
        PyObject *found = PyObject_GetAttrString(cls, name);
        if (found == NULL) return -1;
        Py_ssize_t at = -1;
        if (Py_IS_TYPE(found, &PyMemberDescr_Type)) at = ((PyMemberDescrObject *)found)->d_member->offset;
        if (at < 0) PyErr_Format(PyExc_TypeError, "%R has no slot %s", cls, name);
        Py_DECREF(found);
        return at;
    }

    /* Into the slot of a new object, which holds nothing yet. */
    static inline void tc_fill_slot(PyObject *object, Py_ssize_t slot, PyObject *value) {
        Py_INCREF(value);
        *(PyObject **)((char *)object + slot) = value;
    }
    """
    ctypedef struct PyTypeObject
    object PyType_GenericAlloc(PyTypeObject* kind, Py_ssize_t items)
    Py_ssize_t tc_slot_of(object cls, const char* name) except -1
    void tc_fill_slot(object made, Py_ssize_t slot, object value)
