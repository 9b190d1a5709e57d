# Calls in C as Python keeps them: a function that takes its arguments as they lie on the stack, and calling one.
# Only in C: Python's functions are such already.

from cpython.object cimport PyObject


cdef extern from "Python.h":
    ctypedef PyObject* (*PyCFunction)(PyObject*, PyObject*)
    ctypedef struct PyMethodDef:
        const char* ml_name
        PyCFunction ml_meth
        int ml_flags
        const char* ml_doc
    int METH_FASTCALL, METH_KEYWORDS
    object PyCFunction_New(PyMethodDef* method, object self)
    object PyObject_Vectorcall(object called, PyObject* const* arguments, size_t count, PyObject* keywords)


cdef inline void define(PyMethodDef* method, const char* name, void* call) noexcept:
    method.ml_name = name
    method.ml_meth = <PyCFunction>call
    method.ml_flags = METH_FASTCALL | METH_KEYWORDS
